;; Attacks: the host's memory, before a line of the guest runs. Declares a table of 100 million elements.
;; Stopped by: the bound of table elements when it is instantiated; the component is refused.

(table $big 100_000_000 funcref)
(func $misbehave)
