;; Attacks: the host's memory, before a line of the guest runs. Declares a second memory of 4 GiB.
;; Stopped by: the memory cap when it is instantiated; the component is refused.

(memory $big 65536)
(func $misbehave)
