;; The polite part of a flow, written by hand: what a guest of this folder is made of, beside its own fields. A test
;; puts both between `(module` and `)`, this first, and makes a component of it. A guest defines `$misbehave`, which is
;; called on the text `go`; `started` is answered with `ready`, and everything else with `ok`.

(memory $main (export "memory") 1)

;; Allocates from 32 KiB on, and never frees: a turn hands in a few hundred bytes.
(global $free (mut i32) (i32.const 0x8000))
(func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
  (local $at i32)
  (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
  (global.set $free (i32.add (local.get $at) (local.get $size)))
  (local.get $at))

;; A description: title, summary, version; no triggers, rights, extensions.
(data (memory $main) (i32.const 0x100) "hand-written")
(data (memory $main) (i32.const 0x200)
  "\00\01\00\00\0c\00\00\00" "\00\01\00\00\0c\00\00\00" "\00\01\00\00\04\00\00\00"
  "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00")
(func (export "pesto:flow/conversation@0.1.0#describe") (result i32)
  (i32.const 0x200))

;; A result: the case ok, no state, one message, no timers, answers, extensions. Its message: a key, a text of a length
;; that is written in, no choices, no form, no extensions.
(data (memory $main) (i32.const 0x300)
  "\00\00\00\00" "\00\00\00\00\00\00\00\00" "\40\03\00\00\01\00\00\00")
(data (memory $main) (i32.const 0x340)
  "\00\01\00\00\01\00\00\00" "\00\00\00\00\00\00\00\00")
(data (memory $main) (i32.const 0x400) "okready")
(func $say (param $text i32) (param $length i32) (result i32)
  (i32.store $main (i32.const 0x348) (local.get $text))
  (i32.store $main (i32.const 0x34c) (local.get $length))
  (i32.const 0x300))

;; The argument is the event's case, at 0, and its text, at 8 and 12; the context and the state follow.
(func (export "pesto:flow/conversation@0.1.0#handle") (param $event i32) (result i32)
  (if (i32.eqz (i32.load8_u $main (local.get $event)))
    (then (return (call $say (i32.const 0x402) (i32.const 5)))))
  (if (i32.eq (i32.load8_u $main (local.get $event)) (i32.const 1))
    (then (if (i32.eq (i32.load $main offset=12 (local.get $event)) (i32.const 2))
      (then (if (i32.eq (i32.load16_u $main (i32.load $main offset=8 (local.get $event))) (i32.const 0x6f67))
        (then (call $misbehave)))))))
  (call $say (i32.const 0x400) (i32.const 2)))
