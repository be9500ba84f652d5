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
verdict-errors = 直近のエラー率 { $now }。
verdict-errors-usual = 直近のエラー率 { $now }（{ $when }は通常 { $usual }）。
verdict-slow = 直近で { $now } が遅延。
verdict-slow-usual = 直近で { $now } が遅延（{ $when }は通常 { $usual }）。
verdict-slower-usual = 直近の p95 が { $now }（{ $when }は通常 { $usual }）。
verdict-quiet-usual = 直近は { $now } のみ（{ $when }は通常 { $usual }）。
verdict-hour-of-week = { $day ->
    [mon] 月曜
    [tue] 火曜
    [wed] 水曜
    [thu] 木曜
    [fri] 金曜
    [sat] 土曜
   *[sun] 日曜
}のこの時間帯
verdict-hour-of-day = この時間帯
verdict-hour-before = 直前の1時間
verdict-since = { $length }継続。
verdict-since-before = { $length }以上継続。
verdict-few = 件数が少なく判断できません。
length-minutes = { $count }分
length-hours = { $count }時間
list-comma = 、
verdict-last-seen = この期間のデータはありません。最後のトランザクションは { $when } に終了しました。
verdict-never-seen = この期間のデータはありません。
lost-notice = 次の期間の保存データが読み取れません：{ $times }。この期間の数値と一覧は実際より少なくなっています。対象のファイルと対処方法は hinomi doctor で確認できます。
folded-names = { $service } が送る { $attribute } の値の種類が多すぎます（例：{ $example }）。{ $since } 以降、{ $spans } 件のスパンを (other) として集計しています。値の種類を減らすか、この属性を送らないでください。ほかのサービスには影響しません。
folded-services = 区別できる数を超えるサービスが送信しています（例：{ $example }）。{ $since } 以降、{ $spans } 件のスパンをサービス (other) として集計しています。毎回変わる部分を { $attribute } から取り除いてください。以前からあるサービスには影響しません。
folded-more = ほかに { $count } 個の属性で値の種類が多すぎます。/api/v1/services の folded を確認してください。
folded-operation = オペレーション名（http.route またはスパン名）
folded-target = 呼び出し先のホスト、データベース、キュー
folded-detail = 呼び出す SQL 文、ルート、メソッド
lost-more = ほか { $count } 件
time-apart = このサーバーの時計が { $machine } に飛びました。Hinomi は自身で数えた時刻 { $ours } を使い続け、この変化を理由にデータを削除しません。時計を合わせてください（NTP）。時計が正しい場合は、サーバーを停止して hinomi doctor --accept-clock を実行してください。
time-held = このサーバーが確認できない時間が { $days } 日あります。送信元の時刻とサーバーの時計が 2 日間一致するまで、またはサーバーを停止して hinomi doctor --accept-clock を実行するまで、その分のデータは削除されません。
csv-partial = 不完全
csv-partial-title = このファイルには不足している行があります：この期間の保存データの一部が読み取れません。不足している期間はファイルの末尾に記載されます。
