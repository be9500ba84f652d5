# 何が起きたかを伝えるページ。

failure-not-found-title = ページが見つかりません
failure-not-found-text = アドレスに誤りがあるか、対象の保存期間が過ぎています。上の検索欄でトレース ID かサービス名を探すか、サービス一覧から始めてください。
failure-address-title = アドレスに解釈できない部分があります
failure-address-text = 下に示した部分を直すか、サービス一覧から始めてください。
failure-busy-title = 実行中のクエリが多すぎます
failure-busy-text = データの受信を妨げないよう、同時に処理するクエリの数を制限しています。少し待ってからもう一度お試しください。
failure-timeout-title = クエリに時間がかかりすぎました
failure-timeout-text = 期間を短くするか、サービスを 1 つに絞ってからもう一度お試しください。
failure-too-much-title = この期間のスパンは多すぎて集計できません
failure-too-much-text = 期間を短くするか、サービスを 1 つに絞ってからもう一度お試しください。
failure-store-title = 保存データを読み取れませんでした
failure-store-text = 原因はサーバーのログの「query failed」に記録されています。データの受信と保存は続いています。
failure-retry = もう一度試す
failure-home = すべてのサービス
failure-transactions = トランザクション
