;; Attacks: the host's memory, outside of the guest's. Grows a table without end; an element costs the host 8 or 16
;; bytes and the guest none. It goes on where growing fails.
;; Stopped by: the bound of table elements.

(table $bomb 0 funcref)
(func $misbehave
  (loop $again
    (drop (table.grow $bomb (ref.null func) (i32.const 1000)))
    (br $again)))
