# トレース画面

trace-title = { $operation } のトレース
trace-took-ok = { $duration } で { $status }
trace-took-error = { $duration } 後に { $status }
trace-took = 所要 { $duration }
trace-failed-after = { $duration } 後に失敗
trace-copy-link = リンクをコピー
trace-copied = コピーしました
trace-copy-id = トレース ID をコピー
trace-copy-value = 値をコピー
trace-copy-span-link = このスパンへのリンクをコピー
trace-download = JSON をダウンロード
trace-mark-ok = 正常
trace-mark-slow = 遅延
trace-mark-error = エラー
trace-error = エラー

# 要約
trace-spans = { $count } スパン
trace-services = { $count } サービス
trace-errors = { $count ->
    [0] エラーなし
   *[other] エラー { $count } 件
}
trace-summary-counts = { $spans }、{ $services }、{ $errors }
trace-bar-label = 時間の内訳（分類別）
trace-spent-code = 所要時間の { $share } は { $service } 自身のコード
trace-spent-database = 所要時間の { $share } は { $service } からデータベース { $target } への呼び出し
trace-spent-cache = 所要時間の { $share } は { $service } からキャッシュ { $target } への呼び出し
trace-spent-external = 所要時間の { $share } は { $service } から { $target } への応答待ち
trace-spent-internal = 所要時間の { $share } は { $service } と { $target } の間
trace-spent-messaging = 所要時間の { $share } はキュー { $target } での待ち
trace-also-code = { $sentence }、{ $share } は { $service } のコード
trace-also-database = { $sentence }、{ $share } はデータベース { $target }
trace-also-cache = { $sentence }、{ $share } はキャッシュ { $target }
trace-also-external = { $sentence }、{ $share } は { $target } の応答待ち
trace-also-internal = { $sentence }、{ $share } は { $target } までのサービス間
trace-also-messaging = { $sentence }、{ $share } はキュー { $target }
trace-category-code = 自身のコード
trace-category-database = データベース
trace-category-cache = キャッシュ
trace-category-external = 外部
trace-category-internal = サービス間
trace-category-messaging = キュー

# お知らせ
trace-partial-orphans = このトレースは一部が欠けています。{ $count } スパンの親がまだ届いていません。欠けているスパンはこれから届くか、そのサービスがこのサーバーに送信していない可能性があります。
trace-partial-root = このトレースの最初のスパンが届いていません。開始時刻と所要時間は正しくない可能性があります。
trace-page = 全 { $count } スパンのうち { $first }～{ $last } 番目（送信された開始時刻の順）です。自己時間、クリティカルパス、呼び出しの件数は、このページのスパンだけで計算しています。
trace-page-first = 最初のスパン
trace-page-next = 次のスパン
trace-partial-drawn = { $count } スパンのうち最初の { $drawn } スパンを表示しています。ダウンロードにはすべて含まれます。
trace-reload = 再読み込み

# 表示
trace-views = トレースの表示
trace-view-waterfall = ウォーターフォール
trace-view-table = 表
trace-view-flame = フレームグラフ
trace-view-statements = DB・キャッシュ呼び出し
trace-view-calls = 呼び出し
trace-view-exceptions = 例外
trace-critical-path = クリティカルパス
trace-small-print-hidden = ごく短い内部スパン { $count } 件を非表示: 表示する
trace-small-print-shown = ごく短い内部スパン { $count } 件を表示中: 隠す
trace-column-name = サービスとオペレーション
trace-column-timeline = 時間
trace-column-own = 自己時間
trace-column-start = 開始
trace-column-gap = 直前からの間隔
trace-column-service = サービス
trace-column-operation = オペレーション
trace-column-took = 所要
trace-column-status = 結果
trace-orphan = 親なし
trace-orphan-explained = 親スパンが届いていないため、ツリー内の位置は不明です。

# ステートメント、呼び出し、例外
trace-statements-count = { $groups } 種類 { $calls } 回、合計 { $total }
trace-calls-explained = ほかのサービス、ホスト、キューへの呼び出し
trace-statement = SQL・コマンド
trace-database = データベース
trace-host = ホスト
trace-request = オペレーション
trace-count = 回数
trace-total = 合計
trace-max = 最長
trace-note = 備考
trace-result = 結果
trace-kind-internal = 自社サービス
trace-kind-external = 外部
trace-loop = N+1: 同じ呼び出し { $count } 回、{ $total }
trace-loop-note = 同じ親から同じ呼び出しが { $count } 回: 1 回のクエリにまとめてください
trace-failed-count = { $count } 回失敗
trace-groups-more = ほか { $count } 件（合計時間がより短いもの）は表示していません
trace-statements-none = このトレースにデータベースやキャッシュを呼び出したスパンはありません。
trace-calls-none = このトレースにほかのサービス、ホスト、キューを呼び出したスパンはありません。
trace-exceptions-none = このトレースに例外を記録したスパンはありません。
trace-exception-seen = { $count } スパンで記録
trace-exception-in = { $service }、{ $name }
trace-exception-untyped = 例外
trace-stack = スタックトレース
trace-more-frames = ほか { $count } 行

# 選択中のスパン
trace-span = 選択中のスパン
trace-span-lost = このスパンを読み込めませんでした。もう一度選択してください。
trace-span-took = 所要
trace-span-started = 開始
trace-span-share = 全体に占める割合
trace-span-own = 自己時間
trace-span-kind = 種別
trace-span-service = サービス
trace-span-version = バージョン
trace-span-instance = インスタンス
trace-span-host = ホスト
trace-span-parameters = パラメーター（送信された値）
trace-span-call = 呼び出し
trace-span-target = 呼び出し先
trace-span-request = リクエスト
trace-span-address = アドレス
trace-span-result = 結果
trace-span-status = ステータス
trace-span-events = イベント
trace-span-attributes = 属性
trace-span-resource = リソース
trace-span-links = 関連するトレース
trace-span-filter = 属性を絞り込む
trace-span-none = 属性は送信されていません。
trace-kind-word-internal = 内部
trace-kind-word-server = サーバー
trace-kind-word-client = クライアント
trace-kind-word-producer = プロデューサー
trace-kind-word-consumer = コンシューマー

# トレースがないとき
trace-missing-title = このトレースは見つかりません
trace-missing-explained = このトレース ID のスパンは保存されていません。まだ届いていない可能性があります（スパンは送信から 1～2 秒以内に表示されます）。保存期間を過ぎた、サンプリングで除外された、または別のサーバーに送信された可能性もあります。
trace-invalid-title = トレース ID ではありません
trace-invalid-explained = トレース ID は 32 桁の 16 進数で、すべて 0 にはなりません。例: 4bf92f3577b34da6a3ce929d0e0e4736
trace-retry = 再試行
trace-to-transactions = トランザクションを探す

# フレーム
trace-flame-explained = 幅は、スパン自身とその下位で使われた時間です。同じスパンは 1 つのフレームにまとめ、並行した呼び出しは合計します。フレームをクリックすると拡大します。
trace-flame-whole = トレース全体
trace-flame-frame = { $name }: 合計 { $below }（{ $share }）、自己時間 { $own }{ $failed ->
    [0] {""}
   *[other] 、失敗 { $failed } 件
}
trace-flame-left-out = 幅が狭すぎる、または階層が深すぎるフレームを { $count } 個省略しています。その上のフレームをクリックすると表示できます。

# 時計
trace-clock-behind = { $host } の時計は { $by } 遅れていました。原因より先に始まるスパンがないように、このホストのスパン { $count } 件をその分ずらして表示しています。
trace-clock-ahead = { $host } の時計は { $by } 進んでいました。待っていたスパンより後に終わるスパンがないように、このホストのスパン { $count } 件をその分ずらして表示しています。
trace-clock-more = ほかに { $count } 台のホストの時計もずれていました。
trace-clock-show-sent = 送信された時刻で表示
trace-clock-as-sent = すべてのスパンを、それぞれのホストが報告した時刻で表示しています。
trace-clock-align = 時計を補正して表示

# 2 つのトレースの比較
trace-compare-title = 2 つのトレースの比較
trace-compare-do = 比較
trace-compare-usual = 同じオペレーションの通常のトランザクションと比較
trace-compare-this = このトレース
trace-compare-other = 比較対象
trace-compare-swap = 入れ替え
trace-compare-longer = このトレースのほうが { $by } 長く、比較対象の { $times } 倍の時間がかかりました。
trace-compare-shorter = このトレースのほうが { $by } 短く、比較対象は { $times } 倍の時間がかかりました。
trace-compare-equal = どちらのトレースも同じ時間でした。
trace-compare-most = 差が大きい箇所
trace-compare-own = 下位の呼び出しを除いた自己時間
trace-compare-nowhere = 差が長いほうのトレースの 1 % を超えるステップはありません。
trace-compare-only-this = このトレースのみ、×{ $this }
trace-compare-only-other = 比較対象のみ、×{ $other }
trace-compare-same-count = どちらも ×{ $this }
trace-compare-counts = このトレース ×{ $this }、比較対象 ×{ $other }
trace-compare-both = 重ね合わせたツリー
trace-compare-both-explained = 同じ位置にある同じステップの自己時間
trace-compare-difference = 差
trace-compare-left-out = ほか { $count } ステップは表示していません。
trace-compare-with = 別のトレースと比較
trace-compare-id = トレース ID
trace-compare-none = 前後 30 分以内に、遅延せずに成功した同じオペレーションのトランザクションがほかにありません。比較するトレースの ID を貼り付けてください。
trace-compare-back = トレースに戻る
