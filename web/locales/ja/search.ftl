# 属性によるスパンの検索。

find-what = 検索する内容
find-services = 名前に含むサービス
find-go = 検索
find-transactions = トランザクションから探す
find-progress = 検索の進み具合
find-begins = 検索中…
find-running = 検索中… スパン { $rows } 件を確認、{ $found } 件見つかりました
find-done = スパン { $rows } 件のうち { $found } 件見つかりました
find-so-far = これまでにスパン { $rows } 件のうち { $found } 件見つかりました
find-cancel = 中止
find-cancelled = 中止しました
find-again = もう一度検索
find-on = 続ける
find-older = { $time } より前にもあるかもしれません。
find-out-of-time = 時間切れです。{ $time } 以降はすべて確認済みで、それより前はまだ確認していません。
find-partial = 次の期間の保存データが読み取れません：{ $times }。この期間のデータは検索されていません。対象のファイルと対処方法は hinomi doctor で確認できます。
find-none = 選んだ期間には該当するものがありません
find-none-text = 上でもっと長い期間を選ぶか、書き方を変えてください。値は一字一句、全体が一致する必要があります。
find-failed = 検索が最後まで終わりませんでした
find-lost = サーバーとの接続が切れました。
find-script = このページの検索には JavaScript が必要です。使えない場合は API をご利用ください: /api/v1/search?q=order.id=12345
find-span = オペレーションまたはスパン
find-matched = 一致した属性
find-form-key = 属性の値が完全に一致
find-form-value = いずれかの属性の値が完全に一致
find-form-quoted = 空白を含む値
find-form-any = 値を問わず、この属性がある
find-form-status = HTTP 応答ステータス
find-wrong-empty = 検索する内容を入力してください
find-wrong-quote = 引用符が閉じられていません
find-wrong-value = 値がありません。どの値でもよい場合は *、空の値は "" と書いてください
find-wrong-many = 一度に指定できるのは 8 つまでです
