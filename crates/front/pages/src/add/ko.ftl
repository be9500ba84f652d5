# "서비스 추가".

add-title = 서비스 추가
add-lead = OpenTelemetry SDK, 에이전트, 컬렉터에서 바로 보낼 수 있습니다. 다른 설정은 필요 없습니다.
add-agents = 언어 또는 에이전트
add-name = 서비스 이름
add-name-rule = 영문자, 숫자, 점, 하이픈, 슬래시, 밑줄
add-name-set = 이 이름 사용
add-kubernetes = Kubernetes
add-collector = 컬렉터
add-waiting = 새 서비스의 첫 스팬을 기다리고 있습니다. 도착하면 자동으로 표시됩니다.
add-arrived = 첫 스팬이 도착했습니다.
add-open = 대시보드 열기
add-note-agent = HTTP, gRPC, 데이터베이스, 캐시, 큐 등 에이전트가 지원하는 것을 자동으로 계측합니다.
add-note-code = HTTP 수신과 송신을 기록합니다. 데이터베이스의 SQL도 기록하려면 드라이버의 계측 패키지를 추가하세요.
add-note-kubernetes = 오퍼레이터가 각 파드에 에이전트를 주입합니다. 디플로이먼트에 설정한 환경 변수가 이 설정보다 우선합니다.
add-note-collector = 애플리케이션은 그대로 컬렉터에 보냅니다. 컬렉터가 트레이스를 Hinomi로 전달합니다.
add-note-version = 릴리스마다 service.version을 설정하세요. 새 버전을 이전 버전과 구별할 수 있습니다.
add-note-addresses = OTLP/HTTP는 { $http }, OTLP/gRPC는 { $grpc }에서 받습니다. 트레이스는 저장됩니다. 메트릭과 로그는 아직 저장되지 않습니다.
add-note-loopback = 수신 주소에는 이 서버에서만 접속할 수 있습니다. 다른 서버에서 보내려면 이 서버에 OpenTelemetry Collector를 두고 그곳으로 보내세요.
add-service = 서비스 추가
