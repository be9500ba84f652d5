# 時系列のグラフと、その比較対象。

charts-usual = 通常
charts-usual-band = { $low }～{ $high }
charts-usual-weeks = 通常: 過去 { $count } 週の同じ曜日・同じ時間帯（{ $width } 刻み）。帯には値の 80 % が入ります。
charts-usual-days = 通常: 過去 { $count } 日の同じ時間帯（{ $width } 刻み）。帯には値の 80 % が入ります。
charts-usual-few = 通常の範囲はまだ計算できません。同じ時間帯にトランザクションが 20 件以上ある日が 2 日、または同じ曜日が 2 週必要です。
charts-usual-long = 1 週間を超える期間では、通常の範囲を表示できません。期間を短くしてください。
charts-nothing-then = 比較対象の期間にはデータがありません。
charts-nothing-yet = 値なし
charts-keys = 左右の矢印キーで値を読み取れます。

in-flight = 同時実行数
in-flight-mean = 平均
in-flight-max = 最大
chart-latest = 直近
in-flight-exact = 終了時に集計するため、直近の値は増えることがあります
in-flight-means = 平均のみ（期間が 1 時間超、件数が多い、または保存期間外）
in-flight-ages = 経過時間別の実行中の数
in-flight-ago = { $seconds } 秒前
in-flight-active = エージェントが報告した実行中のリクエスト: { $count } 件（{ $seconds } 秒前）。
in-flight-ended = 実行中のリクエストはまだ集計に含まれません。
charts-usual-later = 通常の範囲を計算中です。完了すると表示されます。

chart-latency = 応答時間
