# ウォールモード。

wall-title = ウォールモード
wall-open = ウォール
wall-lead = 壁掛けディスプレイ用の、メニューのない画面です。自動的に更新され、順に切り替わり、サーバーが復旧すると自動的に再接続します。
wall-screens = 画面
wall-all = ヒットマップ（全サービス）
wall-hitmap = { $service } のヒットマップ
wall-every = 切り替え間隔
wall-seconds = { $count } 秒
wall-stay = 切り替えない
wall-size = サイズ
wall-start = 開始
wall-keys = スペースで一時停止、→ と ← で画面を切り替え、F で全画面表示にします。URL にこれらの設定が含まれるので、ディスプレイ側でブックマークしてください。
wall-screen = 表示中の画面
wall-reconnecting = サーバーが応答しません。最後に受信したデータを表示しています。
wall-controls = ウォールの操作
wall-pause = 一時停止
wall-next = 次へ
wall-full = 全画面
wall-leave = 画面を選ぶ
