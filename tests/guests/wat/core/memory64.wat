;; Attacks: a memory cap that is counted in 32 bits. Grows a 64-bit memory by 8 GiB at once, and touches its end.
;; Stopped by: the memory cap; where 64-bit memories are turned off, the component is refused.

(memory $wide i64 0)
(func $misbehave
  (drop (memory.grow $wide (i64.const 0x20000)))
  (i64.store $wide (i64.const 0x1fffffff8) (i64.const 1)))
