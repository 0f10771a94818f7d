;; Attacks: the catalog. A component that is no flow: it exports nothing.
;; Stopped by: the component is refused for its world when it is loaded.
(component)
