# 上部バー、左の並び、メニュー。

shell-skip = 本文へ移動
shell-home = Hinomi、全サービスの稼働状況
shell-theme = 明るい表示と暗い表示の切り替え
shell-language = 言語
shell-pages = ページ
shell-demo = 模擬トラフィック
nav-health = 稼働状況
nav-hitmap = ヒットマップ
nav-transactions = トランザクション
nav-statistics = 統計
nav-map = マップ
nav-partners = 外部接続先
env = 環境
env-all = すべて
service = サービス
search = 検索
search-hint = トレース ID、サービス名、order.id=12345…
range = 期間
range-previous = 前の期間
range-next = 次の期間
range-from = 開始
range-to = 終了
range-apply = この期間を表示
range-forms = now-15m、2026-11-22 14:05（{ $zone }）、RFC 3339、Unix ミリ秒
range-to-now = ライブに戻る
range-again = 最新の状態に更新
range-last-seconds = 直近 { $count } 秒
range-last-minutes = 直近 { $count } 分
range-last-hours = 直近 { $count } 時間
range-last-days = 直近 { $count } 日
range-last-weeks = 直近 { $count } 週間
live-live = ライブ
live-reconnecting = 再接続中
live-stale = { $seconds } 秒前から更新なし
live-paused = 一時停止
