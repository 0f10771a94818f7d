;; Attacks: the catalog. Exports the right names with the wrong types.
;; Stopped by: the component is refused for its world when it is loaded.
(component
  (core module $code
    (func (export "describe") (result i32) (i32.const 42)))
  (core instance $code (instantiate $code))
  (func $describe (result u32) (canon lift (core func $code "describe")))
  (instance $conversation
    (export "describe" (func $describe))
    (export "handle" (func $describe)))
  (export "pesto:flow/conversation@0.1.0" (instance $conversation)))
