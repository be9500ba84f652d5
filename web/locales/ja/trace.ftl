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
trace-spent-code = 時間の { $share } は { $service } 自身のコードで使われました
trace-spent-database = { $service } は時間の { $share } をデータベース { $target } で使いました
trace-spent-cache = { $service } は時間の { $share } をキャッシュ { $target } で使いました
trace-spent-external = { $service } は時間の { $share } を { $target } の応答待ちに使いました
trace-spent-internal = 時間の { $share } は { $service } と { $target } の間の通信でした
trace-spent-messaging = 時間の { $share } はキュー { $target } での待ちでした
trace-also-code = { $sentence }。{ $share } は { $service } のコードです
trace-also-database = { $sentence }。{ $share } はデータベース { $target } です
trace-also-cache = { $sentence }。{ $share } はキャッシュ { $target } です
trace-also-external = { $sentence }。{ $share } は { $target } の応答待ちです
trace-also-internal = { $sentence }。{ $share } は { $target } への通信です
trace-also-messaging = { $sentence }。{ $share } はキュー { $target } です
trace-category-code = 自身のコード
trace-category-database = データベース
trace-category-cache = キャッシュ
trace-category-external = 外部
trace-category-internal = サービス間
trace-category-messaging = キュー

# お知らせ
trace-partial-orphans = このトレースは一部が欠けています。{ $count } スパンの親がまだ届いていません。これから届くか、そのサービスがここへ送信していない可能性があります。
trace-partial-root = 最初のスパンが届いていないため、開始時刻と長さは正しくない可能性があります。
trace-page = 全 { $count } スパンのうち { $first }〜{ $last } 番目（送信された開始時刻順）です。自己時間、クリティカルパス、呼び出しの集計は、このページのスパンだけで計算しています。
trace-page-first = 最初のスパン
trace-page-next = 次のスパン
trace-partial-drawn = { $count } スパンのうち最初の { $drawn } スパンを表示しています。ダウンロードにはすべて含まれます。
trace-reload = 再読み込み

# 表示
trace-views = トレースの表示
trace-view-waterfall = ウォーターフォール
trace-view-table = 表
trace-view-flame = フレームグラフ
trace-view-statements = SQL 文
trace-view-calls = 呼び出し
trace-view-exceptions = 例外
trace-critical-path = クリティカルパス
trace-small-print-hidden = ごく短い内部スパン { $count } 件を非表示：表示する
trace-small-print-shown = ごく短い内部スパン { $count } 件を表示中：隠す
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
trace-statement = SQL 文
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
trace-loop = N+1：同じ呼び出し { $count } 回、{ $total }
trace-loop-note = 同じ親から同じ呼び出しが { $count } 回：1 回の問い合わせにまとめられます
trace-failed-count = { $count } 回失敗
trace-statements-none = このトレースで SQL 文を実行したスパンはありません。
trace-calls-none = このトレースでほかのサービス、ホスト、キューを呼び出したスパンはありません。
trace-exceptions-none = このトレースで例外を記録したスパンはありません。
trace-exception-seen = { $count } スパンで記録
trace-exception-in = { $service }、{ $name }
trace-exception-untyped = 例外
trace-stack = スタックトレース
trace-more-frames = ほか { $count } 行

# 選択中のスパン
trace-span = 選択中のスパン
trace-span-lost = スパンを読み込めませんでした。もう一度選択してください。
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
trace-span-target = 相手
trace-span-request = 要求
trace-span-address = アドレス
trace-span-result = 結果
trace-span-status = 状態
trace-span-events = イベント
trace-span-attributes = 属性
trace-span-resource = リソース
trace-span-links = 関連するトレース
trace-span-filter = 属性を絞り込む
trace-span-none = 送信されていません。
trace-kind-word-internal = 内部
trace-kind-word-server = サーバー
trace-kind-word-client = クライアント
trace-kind-word-producer = 送信側
trace-kind-word-consumer = 受信側

# トレースがないとき
trace-missing-title = このトレースは見つかりません
trace-missing-explained = このトレース ID のスパンは保存されていません。まだ届いていない可能性があります（通常、送信から 1〜2 秒で表示されます）。保存期間を過ぎた、サンプリングで除かれた、別のサーバーに送られた、ということも考えられます。
trace-invalid-title = トレース ID ではありません
trace-invalid-explained = トレース ID は 32 桁の 16 進数で、すべて 0 にはなりません。例：4bf92f3577b34da6a3ce929d0e0e4736
trace-retry = もう一度探す
trace-to-transactions = トランザクションを探す

# フレーム
trace-flame-explained = 幅は、スパン自身とその下で使われた時間です。同じスパンは1つの枠にまとめ、並行した呼び出しは合計します。枠をクリックすると、その範囲に拡大します。
trace-flame-whole = トレース全体
trace-flame-frame = { $name }: 下位を含めて { $below }({ $share })、自己時間は { $own }{ $failed ->
    [0] {""}
   *[other] 、失敗 { $failed } 件
}
trace-flame-left-out = 細すぎる、または深すぎる枠を { $count } 個省略しています。その上の枠をクリックすると見られます。

# 時計
trace-clock-behind = { $host } の時計は { $by } 遅れていました。原因より先に始まるものがないように、そのスパン { $count } 件をその分ずらして表示しています。
trace-clock-ahead = { $host } の時計は { $by } 進んでいました。待っていた側より後に終わるものがないように、そのスパン { $count } 件をその分ずらして表示しています。
trace-clock-more = ほかに { $count } 台のホストの時計もずれていました。
trace-clock-show-sent = 送信されたまま表示
trace-clock-as-sent = すべてのスパンを、それぞれのホストの時計のまま表示しています。
trace-clock-align = 時計を合わせて表示

# 2つのトレースの比較
trace-compare-title = 2つのトレースの比較
trace-compare-do = 比較
trace-compare-usual = 同じオペレーションの通常のトランザクションと並べて見ます
trace-compare-this = こちら
trace-compare-other = 比較対象
trace-compare-swap = 入れ替え
trace-compare-longer = こちらのほうが { $by } 長く、{ $times } 倍かかりました。
trace-compare-shorter = こちらのほうが { $by } 短く、比較対象は { $times } 倍かかりました。
trace-compare-equal = どちらも同じ時間でした。
trace-compare-most = 差が大きい箇所
trace-compare-own = 下位の呼び出しを除いた自己時間
trace-compare-nowhere = 長いほうの 1 % を超えて差のあるステップはありません。
trace-compare-only-this = こちらのみ、×{ $this }
trace-compare-only-other = 比較対象のみ、×{ $other }
trace-compare-same-count = どちらも ×{ $this }
trace-compare-counts = こちら ×{ $this }、比較対象 ×{ $other }
trace-compare-both = 重ね合わせたツリー
trace-compare-both-explained = 同じ位置にある同じステップの自己時間
trace-compare-difference = 差
trace-compare-left-out = ほかに { $count } ステップあります。
trace-compare-with = 別のトレースと比較
trace-compare-id = トレース ID
trace-compare-none = 前後30分に、同じオペレーションで成功し遅くなかったトランザクションがありません。比較するトレースの ID を貼り付けてください。
trace-compare-back = トレースに戻る
