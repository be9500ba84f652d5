# 稼働状況。

board-title = 稼働状況
board-services = サービス
board-no-namespace = ネームスペースなし
board-size = { $count } サービス
board-count-bad = 異常
board-count-watch = 注意
board-count-no-data = データなし
board-count-ok = 正常
board-all-ok = すべて正常
board-empty-title = まだどのサービスからもデータが届いていません
board-empty-text = OpenTelemetry の SDK、エージェント、コレクターならどれからでも送信できます。サービスの実行環境に次の 3 行を設定して起動してください。
board-empty-http = gRPC を使えない場合は、エンドポイントに { $endpoint }、プロトコルに http/protobuf を指定してください。
board-waiting = 最初のスパンを待っています。届くとこのページに自動的に表示されます。
board-none-here = 環境 { $environment } のサービスはありません
board-all-environments = すべての環境を表示
board-empty-agents = Java、Python、Node.js、Go、.NET、Ruby、PHP、Kubernetes での設定
board-states = 判定で絞り込み
board-state-count = { $state } { $count }
board-by = グループ化
board-by-namespace = ネームスペース
board-by-environment = 環境
board-by-team = チーム
board-by-none = なし
board-without = { $label }なし
board-filter = サービス名の一部
board-none-match = 該当するサービスがありません
