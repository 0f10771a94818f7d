;; Attacks: a memory cap that holds for each memory, later: seven memories that are empty at first grow by 1 MiB in turn
;; until none can; it goes on where growing fails.
;; Stopped by: the memory cap, which adds them up.

(memory $m1 0)
(memory $m2 0)
(memory $m3 0)
(memory $m4 0)
(memory $m5 0)
(memory $m6 0)
(memory $m7 0)
(func $misbehave
  (loop $again
    (drop (memory.grow $m1 (i32.const 16)))
    (drop (memory.grow $m2 (i32.const 16)))
    (drop (memory.grow $m3 (i32.const 16)))
    (drop (memory.grow $m4 (i32.const 16)))
    (drop (memory.grow $m5 (i32.const 16)))
    (drop (memory.grow $m6 (i32.const 16)))
    (drop (memory.grow $m7 (i32.const 16)))
    (br $again)))
