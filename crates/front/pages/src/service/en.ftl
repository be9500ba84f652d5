# The dashboard of a service.

side-errors = Newest errors
side-slow = Newest slow transactions
side-calm = No errors and no slow transactions in this range
table-operations = Top operations
table-statements = Top statements
table-externals = External calls
table-instances = Instances
table-errors = Errors by type
table-by-time = by total time
table-by-host = by host
table-by-type = failed transactions
