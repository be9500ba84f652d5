# 서비스 현황 화면.

board-title = 서비스 현황
board-services = 서비스
board-no-namespace = 네임스페이스 없음
board-size = 서비스 { $count }개
board-count-bad = 이상
board-count-watch = 주의
board-count-no-data = 데이터 없음
board-count-ok = 정상
board-all-ok = 모두 정상
board-empty-title = 아직 데이터를 보낸 서비스가 없습니다
board-empty-text = OpenTelemetry SDK, 에이전트, 컬렉터라면 무엇이든 여기로 보낼 수 있습니다. 서비스가 실행되는 곳에 아래 세 줄을 설정하고 시작하세요.
board-empty-http = gRPC를 쓸 수 없으면 엔드포인트를 { $endpoint }, 프로토콜을 http/protobuf로 설정하세요.
board-waiting = 첫 스팬을 기다리고 있습니다. 도착하면 이 페이지에 자동으로 표시됩니다.
board-none-here = { $environment } 환경의 서비스가 없습니다
board-all-environments = 모든 환경 보기
board-empty-agents = Java, Python, Node.js, Go, .NET, Ruby, PHP, Kubernetes 설정
board-states = 판정별로 보기
board-state-count = { $state } { $count }
board-by = 그룹화
board-by-namespace = 네임스페이스
board-by-environment = 환경
board-by-team = 팀
board-by-none = 없음
board-without = { $label } 없음
board-filter = 서비스 이름 일부
board-none-match = 일치하는 서비스가 없습니다
