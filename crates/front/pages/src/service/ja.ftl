# サービスのダッシュボード。

side-errors = 最新のエラー
side-slow = 最新の遅延トランザクション
side-calm = この期間にエラーと遅延トランザクションはありません
table-operations = 主なオペレーション
table-statements = 主な DB・キャッシュ呼び出し
table-externals = 外部呼び出し
table-instances = インスタンス
table-errors = エラーの種類
table-by-time = 合計時間順
table-by-host = ホスト別
table-by-type = 失敗したトランザクション
