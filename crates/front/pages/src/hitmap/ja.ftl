# ヒットマップだけのページ。

map-all-services = 全サービスのヒットマップ
side-keys = キーボード
side-key-axis = 軸を細かく、または粗く
side-key-full = 対数軸: データに合わせる、または全範囲
side-key-move = セルを移動
side-key-extend = 矢印キーと併用して選択範囲を拡張
side-key-open = トランザクションを一覧表示
side-key-beside = 最初の一覧の隣に表示
side-key-clear = 最新の選択を解除
