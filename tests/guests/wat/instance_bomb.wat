;; Attacks: the host's compiler, with a few hundred bytes. Each component holds ten of the one before it: a million
;; instances of a core module, if the host unfolds them before it counts. That takes seconds and a quarter of a
;; gigabyte; two more levels take minutes and the whole machine.
;; Stopped by: instances are counted before anything is compiled; the component is refused.
(component
  (component $c0
    (core module $code (memory 1))
    (core instance (instantiate $code)))
  (component $c1
    (instance (instantiate $c0)) (instance (instantiate $c0)) (instance (instantiate $c0))
    (instance (instantiate $c0)) (instance (instantiate $c0)) (instance (instantiate $c0))
    (instance (instantiate $c0)) (instance (instantiate $c0)) (instance (instantiate $c0))
    (instance (instantiate $c0)))
  (component $c2
    (instance (instantiate $c1)) (instance (instantiate $c1)) (instance (instantiate $c1))
    (instance (instantiate $c1)) (instance (instantiate $c1)) (instance (instantiate $c1))
    (instance (instantiate $c1)) (instance (instantiate $c1)) (instance (instantiate $c1))
    (instance (instantiate $c1)))
  (component $c3
    (instance (instantiate $c2)) (instance (instantiate $c2)) (instance (instantiate $c2))
    (instance (instantiate $c2)) (instance (instantiate $c2)) (instance (instantiate $c2))
    (instance (instantiate $c2)) (instance (instantiate $c2)) (instance (instantiate $c2))
    (instance (instantiate $c2)))
  (component $c4
    (instance (instantiate $c3)) (instance (instantiate $c3)) (instance (instantiate $c3))
    (instance (instantiate $c3)) (instance (instantiate $c3)) (instance (instantiate $c3))
    (instance (instantiate $c3)) (instance (instantiate $c3)) (instance (instantiate $c3))
    (instance (instantiate $c3)))
  (component $c5
    (instance (instantiate $c4)) (instance (instantiate $c4)) (instance (instantiate $c4))
    (instance (instantiate $c4)) (instance (instantiate $c4)) (instance (instantiate $c4))
    (instance (instantiate $c4)) (instance (instantiate $c4)) (instance (instantiate $c4))
    (instance (instantiate $c4)))
  (component $c6
    (instance (instantiate $c5)) (instance (instantiate $c5)) (instance (instantiate $c5))
    (instance (instantiate $c5)) (instance (instantiate $c5)) (instance (instantiate $c5))
    (instance (instantiate $c5)) (instance (instantiate $c5)) (instance (instantiate $c5))
    (instance (instantiate $c5)))
  (instance (instantiate $c6)))
