;; Attacks: the catalog. A core module with the exports of a flow; nobody made a component of it.
;; Stopped by: it is refused when it is loaded, and the reason says what is missing.
(module
  (memory (export "memory") 1)
  (func (export "pesto:flow/conversation@0.1.0#describe") (result i32) (i32.const 0))
  (func (export "pesto:flow/conversation@0.1.0#handle") (param i32) (result i32) (i32.const 0)))
