# 時系列のグラフと、その比較対象。

charts-usual = 通常
charts-usual-band = { $low }～{ $high }
charts-usual-weeks = 通常: 過去 { $count } 週の同じ曜日・同じ時間帯（{ $width }刻み）。帯には値の 8 割が入ります。
charts-usual-days = 通常: 過去 { $count } 日の同じ時間帯（{ $width }刻み）。帯には値の 8 割が入ります。
charts-usual-few = 通常の帯はまだ描けません。同じ時間帯にトランザクションが 20 件以上ある日が 2 日、または同じ曜日が 2 週必要です。
charts-usual-long = 1 週間を超える期間には通常の範囲がありません。期間を短くしてください。
charts-nothing-then = 比較対象の期間にはデータがありません。
charts-nothing-yet = 値なし
charts-keys = 左右の矢印キーで値を読めます。

in-flight = 同時実行数
in-flight-mean = 平均
in-flight-max = 最大
chart-latest = 直近
in-flight-exact = 終了後に数えるため、直近の値は増えることがあります
in-flight-means = 平均のみ（1 時間を超える、件数が多い、または明細の保存期間外）
in-flight-ages = 経過時間別の実行数
in-flight-ago = { $seconds } 秒前
in-flight-active = エージェントの報告では { $count } 件が実行中（{ $seconds } 秒前）。
in-flight-ended = スパンは終了時に届くため、まだ実行中のものは含みません。
charts-usual-later = 通常の範囲を読み込んでいます。分かり次第表示します。
