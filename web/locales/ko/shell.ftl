# 상단 표시줄, 왼쪽 목록, 메뉴.

shell-skip = 본문으로 이동
shell-home = Hinomi, 전체 서비스 상태
shell-theme = 밝은 화면과 어두운 화면 전환
shell-language = 언어
shell-pages = 페이지
shell-demo = 모의 트래픽
nav-health = 상태
nav-hitmap = 히트맵
nav-transactions = 트랜잭션
nav-statistics = 통계
nav-map = 맵
nav-partners = 외부 연동
env = 환경
env-all = 전체
service = 서비스
search = 검색
search-hint = 트레이스 ID, 서비스, order.id=12345…
range = 조회 기간
range-previous = 이전 기간
range-next = 다음 기간
range-from = 시작
range-to = 종료
range-apply = 이 기간 보기
range-forms = now-15m, 2026-11-22 14:05({ $zone }), RFC 3339, Unix 밀리초
range-to-now = 실시간으로
range-again = 새로 고침
range-last-seconds = 최근 { $count }초
range-last-minutes = 최근 { $count }분
range-last-hours = 최근 { $count }시간
range-last-days = 최근 { $count }일
range-last-weeks = 최근 { $count }주
live-live = 실시간
live-reconnecting = 재연결 중
live-stale = { $seconds }초 전부터 갱신 없음
live-paused = 일시 정지
