# 属性によるスパンの検索。

find-what = 検索条件
find-services = 名前が一致するサービス
find-go = 検索
find-transactions = トランザクションを検索
find-progress = 検索の進行状況
find-begins = 検索中…
find-running = 検索中… スパン { $rows } 件を確認、{ $found } 件見つかりました
find-done = スパン { $rows } 件のうち { $found } 件見つかりました
find-so-far = これまでにスパン { $rows } 件のうち { $found } 件見つかりました
find-cancel = 中止
find-cancelled = 中止しました
find-again = もう一度検索
find-on = 続ける
find-older = { $time } より前にもある可能性があります。
find-out-of-time = 制限時間に達しました。{ $time } 以降はすべて検索しました。それより前はまだ検索していません。
find-partial = 次の期間の保存データが読み取れません: { $times }。この期間のデータは検索されていません。破損したファイルと対処方法は hinomi doctor で確認できます。
find-none = この期間に一致するものがありません
find-none-text = 上部で長い期間を選ぶか、検索条件を変えてください。値は全体が完全に一致する必要があります。
find-failed = 検索が完了する前に停止しました
find-lost = サーバーとの接続が切れました。
find-script = このページの検索には JavaScript が必要です。JavaScript を使えない場合は API を利用してください: /api/v1/search?q=order.id=12345
find-span = オペレーションまたはスパン
find-matched = 一致した属性
find-form-key = 属性の値が完全に一致
find-form-value = いずれかの属性の値が完全に一致
find-form-quoted = 空白を含む値
find-form-any = 値を問わず、この属性がある
find-form-status = HTTP 応答ステータス
find-wrong-empty = 検索条件を入力してください
find-wrong-quote = 引用符が閉じられていません
find-wrong-value = 値がありません。任意の値は *、空の値は "" と入力してください
find-wrong-many = 一度に指定できる条件は 8 個までです
