# サービスのページの見出し。

tabs = このサービスのページ
tab-dashboard = ダッシュボード
tab-hitmap = ヒットマップ
tab-transactions = トランザクション
tab-statistics = 統計
