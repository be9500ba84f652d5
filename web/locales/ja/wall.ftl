# ウォールモード。

wall-title = ウォールモード
wall-open = ウォール
wall-lead = 壁掛けディスプレイ用に、メニューなしの画面を表示します。自動で更新し、順に切り替わり、サーバーが復帰すると自動で再接続します。
wall-screens = 画面
wall-all = ヒットマップ（全サービス）
wall-hitmap = { $service } のヒットマップ
wall-every = 切り替え間隔
wall-seconds = { $count } 秒
wall-stay = 切り替えない
wall-size = 表示倍率
wall-start = 開始
wall-keys = スペースで一時停止、→ と ← で画面を切り替え、F で全画面になります。この設定は URL に含まれるので、ディスプレイ側でブックマークできます。
wall-screen = 表示中の画面
wall-reconnecting = サーバーが応答しません。最後に表示した内容です。
wall-controls = ウォールの操作
wall-pause = 一時停止
wall-next = 次へ
wall-full = 全画面
wall-leave = 画面を選ぶ
