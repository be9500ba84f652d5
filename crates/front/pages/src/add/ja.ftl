# 「サービスを追加」。

add-title = サービスを追加
add-lead = OpenTelemetry の SDK、エージェント、コレクターから送信できます。ほかの設定は必要ありません。
add-agents = 言語またはエージェント
add-name = サービス名
add-name-rule = 英数字とドット、ハイフン、スラッシュ、アンダースコア
add-name-set = この名前を使う
add-kubernetes = Kubernetes
add-collector = コレクター
add-waiting = 新しいサービスの最初のスパンを待っています。届くと自動的に表示されます。
add-arrived = 最初のスパンが届きました。
add-open = ダッシュボードを開く
add-note-agent = HTTP、gRPC、データベース、キャッシュ、キューなど、エージェントが対応するものを自動的に計装します。
add-note-code = HTTP の受信と送信を記録します。データベースの SQL も記録するには、ドライバーの計装パッケージを追加してください。
add-note-kubernetes = オペレーターが各 Pod にエージェントを組み込みます。Deployment に設定した環境変数が、この設定より優先されます。
add-note-collector = アプリケーションはこれまで通りコレクターに送信し、コレクターがトレースを転送します。
add-note-version = リリースごとに service.version を設定してください。新しいバージョンを以前のものと区別できます。
add-note-addresses = OTLP/HTTP は { $http }、OTLP/gRPC は { $grpc } で受信します。トレースは保存されます。メトリクスとログはまだ保存されません。
add-note-loopback = 受信アドレスには、このサーバーからのみ接続できます。ほかのマシンから送信するには、このサーバーに OpenTelemetry Collector を置き、そこへ送信してください。
add-service = サービスを追加
