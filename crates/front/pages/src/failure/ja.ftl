# 何が起きたかを伝えるページ。

failure-unknown-title = サインインしていません
failure-unknown-text = このページを表示しようとしている利用者を確認できません。サインインしてから再試行してください。
failure-not-found-title = ページが見つかりません
failure-not-found-text = アドレスに誤りがあるか、データの保存期間が過ぎている可能性があります。上の検索欄でトレース ID かサービス名を検索するか、サービス一覧から始めてください。
failure-address-title = このリンクに不明な値があります
failure-address-text = 下に示した値を修正するか、サービス一覧から始めてください。
failure-busy-title = 実行中のクエリが多すぎます
failure-busy-text = データの受信を妨げないよう、同時に実行するクエリの数を制限しています。少し待ってから再試行してください。
failure-timeout-title = クエリに時間がかかりすぎました
failure-timeout-text = 期間を短くするか、サービスを 1 つに絞ってから再試行してください。
failure-too-much-title = この期間はスパンが多すぎて集計できません
failure-too-much-text = 期間を短くするか、サービスを 1 つに絞ってから再試行してください。
failure-store-title = 保存データを読み取れませんでした
failure-store-text = 原因はサーバーのログに記録されています。「query failed」を検索してください。データの受信と保存は続いています。
failure-retry = 再試行
failure-home = すべてのサービス
failure-transactions = トランザクション
