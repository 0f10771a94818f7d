;; Attacks: the catalog, before any export is called: its start function computes without end.
;; Stopped by: the CPU deadline, which must hold while it is instantiated too; the component is refused.

(func $misbehave)
(func $start (loop $again (br $again)))
(start $start)
