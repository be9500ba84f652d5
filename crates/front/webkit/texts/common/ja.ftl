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
verdict-errors = エラー率 { $now }（直近 { $over }）。
verdict-errors-usual = エラー率 { $now }（直近 { $over }）、{ $when }は通常 { $usual }。
verdict-slow = トランザクションの { $now } が遅延（直近 { $over }）。
verdict-slow-usual = トランザクションの { $now } が遅延（直近 { $over }）、{ $when }は通常 { $usual }。
verdict-slower-usual = p95 が { $now }（直近 { $over }）、{ $when }は通常 { $usual }。
verdict-quiet-usual = スループットが { $now } に低下（直近 { $over }）、{ $when }は通常 { $usual }。
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
verdict-hour-before = その前の 1 時間
verdict-since = { $length }前から継続。
verdict-since-before = { $length }以上前から継続。
verdict-few = 件数が少ないため判定できません。
length-seconds = { $count } 秒
length-minutes = { $count } 分
length-hours = { $count } 時間
list-comma = 、
verdict-last-seen = 直近 15 分にトランザクションはありません。最後のトランザクションは { $when } に終了しました。
verdict-never-seen = トランザクションはまだありません。
lost-notice = 次の期間の保存データが読み取れません: { $times }。この期間の件数と一覧は実際より少なくなっています。破損したファイルと対処方法は hinomi doctor で確認できます。
folded-names = { $service } が送る { $attribute } の値の種類が多すぎます（例: { $example }）。{ $since } 以降、{ $spans } 件のスパンを (other) として集計しています。値の種類を減らすか、この属性を送らないでください。ほかのサービスには影響しません。
folded-services = 送信元のサービスの種類が多すぎます（例: { $example }）。{ $since } 以降、{ $spans } 件のスパンをサービス (other) として集計しています。毎回変わる部分を { $attribute } から取り除いてください。すでに登録されているサービスには影響しません。
folded-more = ほかに { $count } 個の属性で値の種類が多すぎます。/api/v1/services の folded を確認してください。
folded-operation = オペレーション名（http.route またはスパン名）
folded-target = 呼び出し先のホスト、データベース、キュー
folded-detail = 呼び出す SQL・コマンド、ルート、メソッド
lost-more = ほか { $count } 件
time-apart = このサーバーの時計が { $machine } に飛びました。Hinomi は自身で管理する時刻 { $ours } を使い続け、この変化を理由にデータを削除することはありません。時計を合わせてください（NTP）。新しい時刻が正しい場合は、サーバーを停止して hinomi doctor --accept-clock を実行してください。
time-held = このサーバーの時計は、Hinomi が確認できないまま { $days } 日進みました。送信元の時計とこのサーバーの時計が 2 日間一致するまで、またはサーバーを停止して hinomi doctor --accept-clock を実行するまで、データの保存期間はその分長くなります。
csv-partial = 不完全
csv-partial-title = このファイルには不足している行があります。この期間の保存データの一部が読み取れません。不足している期間はファイルの末尾に記載されています。

close = 閉じる
first-page = 最初のページ
previous-page = 前のページ
next-page = 次のページ
download-csv = CSV でダウンロード: { $table }
chart-show-all = { $count } 件すべて表示
chart-show-less = 表示を減らす
column-operation = オペレーション
column-statement = SQL・コマンド
column-database = データベース
column-host = ホスト
column-instance = インスタンス
column-version = バージョン
column-error = 種類
column-service = サービス
column-count = 件数
column-time = 時間
column-rate = レート
column-calls = 呼び出し
column-average = 平均
column-errors = エラー
column-end = 終了
column-took = 応答時間
column-outcome = 結果
column-result = 詳細
column-from = 開始

vs = 比較対象
vs-yesterday = 昨日
vs-last-week = 先週
vs-usual = 通常
vs-custom = ほかの期間
vs-none = なし
vs-apply = 比較する
stats-more = ほか { $count } 行。絞り込むか、すべてダウンロードしてください
