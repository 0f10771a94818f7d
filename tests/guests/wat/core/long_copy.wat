;; Attacks: the CPU deadline. Fills 32 MiB again and again in single instructions, which cannot be interrupted inside.
;; Stopped by: the CPU deadline, between two of them: late by one filling of what the memory cap allows.

(memory $wide 512)
(func $misbehave
  (loop $again
    (memory.fill $wide (i32.const 0) (i32.const 1) (i32.const 0x2000000))
    (br $again)))
