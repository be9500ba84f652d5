# サービスマップ。

graph-services = サービスマップ
graph-how = 左が呼び出し元、右が呼び出し先です。矢印キーで移動、Enter で開きます。
graph-empty = この期間に呼び出しはありません
graph-empty-text = スパンが届くと、サービスとその呼び出し先が自動的に表示されます。
graph-calls = 呼び出し
graph-table-note = 上の図と同じ内容
graph-from = 呼び出し元
graph-to = 呼び出し先
graph-kind = 種類
graph-kind-service = サービス
graph-kind-database = データベース
graph-kind-cache = キャッシュ
graph-kind-queue = キュー
graph-kind-partner = 外部接続先
graph-kind-gateway = ゲートウェイ
graph-count-services = サービス { $count }
graph-count-databases = データベース { $count }
graph-count-caches = キャッシュ { $count }
graph-count-queues = キュー { $count }
graph-count-gateways = ゲートウェイ { $count }
graph-count-partners = 外部接続先 { $count }
