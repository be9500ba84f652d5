# 상황판 모드.

wall-title = 상황판 모드
wall-open = 상황판
wall-lead = 벽걸이 화면용의 메뉴 없는 화면입니다. 자동으로 갱신되고 차례로 바뀌며, 서버가 복구되면 자동으로 다시 연결합니다.
wall-screens = 화면
wall-all = 전체 서비스 히트맵
wall-hitmap = { $service } 히트맵
wall-every = 전환 간격
wall-seconds = { $count }초
wall-stay = 전환하지 않음
wall-size = 크기
wall-start = 시작
wall-keys = 스페이스로 일시 정지, →와 ←로 화면 전환, F로 전체 화면. URL에 이 설정이 포함되므로 디스플레이에서 북마크하세요.
wall-screen = 표시 중인 화면
wall-reconnecting = 서버가 응답하지 않습니다. 마지막으로 받은 데이터를 표시하고 있습니다.
wall-controls = 상황판 모드 조작
wall-pause = 일시 정지
wall-next = 다음
wall-full = 전체 화면
wall-leave = 화면 선택
