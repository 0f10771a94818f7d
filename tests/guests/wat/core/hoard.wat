;; Attacks: the host's memory, in many places at once: has 58 MiB, as one turn may, and computes for a while.
;; Stopped by: the memory of all instances together, which is taken before an instance has it.

(memory $hoard 0)
(func $misbehave
  (local $count i32)
  (drop (memory.grow $hoard (i32.const 928)))
  (memory.fill $hoard (i32.const 0) (i32.const 7) (i32.const 60817408))
  (loop $again
    (local.set $count (i32.add (local.get $count) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $count) (i32.const 20000000)))))
