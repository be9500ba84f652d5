# The header of a service's pages.

tabs = Pages of this service
tab-dashboard = Dashboard
tab-hitmap = Hitmap
tab-transactions = Transactions
tab-statistics = Statistics
