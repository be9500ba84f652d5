# 상황판 모드.

wall-title = 상황판 모드
wall-open = 상황판
wall-lead = 벽걸이 화면용으로 메뉴 없이 보여 줍니다. 스스로 갱신하고 차례로 바뀌며, 서버가 돌아오면 자동으로 다시 연결합니다.
wall-screens = 화면
wall-all = 전체 서비스 히트맵
wall-hitmap = { $service } 히트맵
wall-every = 전환 간격
wall-seconds = { $count }초
wall-stay = 전환하지 않음
wall-size = 크기
wall-start = 시작
wall-keys = 스페이스: 일시 정지, ←/→: 화면 전환, F: 전체 화면. 설정은 주소에 담기므로 디스플레이에서 북마크할 수 있습니다.
wall-screen = 표시 중인 화면
wall-reconnecting = 서버가 응답하지 않습니다. 마지막으로 표시한 내용입니다.
wall-controls = 상황판 모드 조작
wall-pause = 일시 정지
wall-next = 다음
wall-full = 전체 화면
wall-leave = 화면 선택
