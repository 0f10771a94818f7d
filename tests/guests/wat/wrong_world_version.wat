;; Attacks: the catalog. A flow of a version of the contract that this host does not know.
;; Stopped by: the component is refused for its world when it is loaded, and the reason names the version.
(component
  (core module $code
    (func (export "describe") (result i32) (i32.const 42)))
  (core instance $code (instantiate $code))
  (func $describe (result u32) (canon lift (core func $code "describe")))
  (instance $conversation (export "describe" (func $describe)))
  (export "pesto:flow/conversation@0.2.0" (instance $conversation)))
