# 複数のページで使う言葉。

rate = スループット
errors = エラー
errors-short = エラー
copy = コピー
copied = コピーしました
verdict-bad = 異常
verdict-watch = 注意
verdict-no-data = データなし
verdict-ok = 正常
verdict-errors = エラー率 { $share }。
verdict-errors-usual = エラー率 { $share }（通常は { $usual }）。
verdict-slow = { $share } が遅延。
verdict-slow-usual = { $share } が遅延（通常は { $usual }）。
verdict-last-seen = この期間のデータはありません。最後のトランザクションは { $when } に終了しました。
verdict-never-seen = この期間のデータはありません。
lost-notice = 次の期間の保存データが読み取れません：{ $times }。この期間の数値と一覧は実際より少なくなっています。対象のファイルと対処方法は hinomi doctor で確認できます。
lost-more = ほか { $count } 件
