# The service map.

graph-services = Service map
graph-how = Callers on the left, callees on the right. Arrow keys move, Enter opens.
graph-empty = No calls in this range
graph-empty-text = Services and the targets of their calls appear here automatically when spans arrive.
graph-calls = Calls
graph-table-note = same data as the map above
graph-from = From
graph-to = To
graph-kind = Kind
graph-kind-service = service
graph-kind-database = database
graph-kind-cache = cache
graph-kind-queue = queue
graph-kind-partner = partner
graph-kind-gateway = gateway
graph-count-services = { $count ->
    [one] 1 service
   *[other] { $count } services
}
graph-count-databases = { $count ->
    [one] 1 database
   *[other] { $count } databases
}
graph-count-caches = { $count ->
    [one] 1 cache
   *[other] { $count } caches
}
graph-count-queues = { $count ->
    [one] 1 queue
   *[other] { $count } queues
}
graph-count-gateways = { $count ->
    [one] 1 gateway
   *[other] { $count } gateways
}
graph-count-partners = { $count ->
    [one] 1 partner
   *[other] { $count } partners
}
