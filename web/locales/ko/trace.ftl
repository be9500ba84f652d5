# 트레이스 화면

trace-title = { $operation } 트레이스
trace-took-ok = { $duration } 만에 { $status }
trace-took-error = { $duration } 후 { $status }
trace-took = { $duration } 걸림
trace-failed-after = { $duration } 후 실패
trace-copy-link = 링크 복사
trace-copied = 복사했습니다
trace-copy-id = 트레이스 ID 복사
trace-copy-value = 값 복사
trace-copy-span-link = 이 스팬의 링크 복사
trace-download = JSON 내려받기
trace-mark-ok = 성공
trace-mark-slow = 느림
trace-mark-error = 실패
trace-error = 실패

# 요약
trace-spans = 스팬 { $count }개
trace-services = 서비스 { $count }개
trace-errors = { $count ->
    [0] 오류 없음
   *[other] 오류 { $count }건
}
trace-summary-counts = { $spans }, { $services }, { $errors }
trace-bar-label = 분류별 소요 시간
trace-spent-code = 전체 시간의 { $share }는 { $service } 자체 코드에서 쓰였습니다
trace-spent-database = { $service } 서비스는 전체 시간의 { $share }를 데이터베이스 { $target }에서 썼습니다
trace-spent-cache = { $service } 서비스는 전체 시간의 { $share }를 캐시 { $target }에서 썼습니다
trace-spent-external = { $service } 서비스는 전체 시간의 { $share } 동안 { $target } 응답을 기다렸습니다
trace-spent-internal = 전체 시간의 { $share }는 { $service }, { $target } 사이의 통신에 쓰였습니다
trace-spent-messaging = 전체 시간의 { $share }는 큐 { $target }에서 대기했습니다
trace-also-code = { $sentence }. { $share }는 { $service } 코드입니다
trace-also-database = { $sentence }. { $share }는 데이터베이스 { $target }입니다
trace-also-cache = { $sentence }. { $share }는 캐시 { $target }입니다
trace-also-external = { $sentence }. { $share }는 { $target } 응답 대기입니다
trace-also-internal = { $sentence }. { $share }는 { $target } 방향 통신입니다
trace-also-messaging = { $sentence }. { $share }는 큐 { $target }입니다
trace-category-code = 자체 코드
trace-category-database = 데이터베이스
trace-category-cache = 캐시
trace-category-external = 외부
trace-category-internal = 서비스 간
trace-category-messaging = 큐

# 알림
trace-partial-orphans = 이 트레이스는 일부가 빠져 있습니다. 스팬 { $count }개의 부모가 아직 도착하지 않았습니다. 곧 도착하거나, 해당 서비스가 이 서버로 보내지 않을 수 있습니다.
trace-partial-root = 첫 스팬이 도착하지 않아 시작 시각과 길이가 정확하지 않을 수 있습니다.
trace-partial-omitted = 스팬이 너무 많아 { $count }개를 생략했습니다.
trace-partial-drawn = 스팬 { $count }개 중 처음 { $drawn }개만 표시합니다. 내려받은 파일에는 모두 들어 있습니다.
trace-reload = 다시 보기

# 보기
trace-views = 트레이스 보기
trace-view-waterfall = 워터폴
trace-view-table = 표
trace-view-statements = 쿼리
trace-view-calls = 호출
trace-view-exceptions = 예외
trace-critical-path = 임계 경로
trace-small-print-hidden = 아주 짧은 내부 스팬 { $count }개 숨김: 보기
trace-small-print-shown = 아주 짧은 내부 스팬 { $count }개 표시 중: 숨기기
trace-column-name = 서비스와 작업
trace-column-timeline = 시간
trace-column-own = 자체
trace-column-start = 시작
trace-column-gap = 이전 공백
trace-column-service = 서비스
trace-column-operation = 작업
trace-column-took = 소요
trace-column-status = 결과
trace-orphan = 부모 없음
trace-orphan-explained = 부모 스팬이 도착하지 않아 트리에서의 위치를 알 수 없습니다.

# 쿼리, 호출, 예외
trace-statements-count = { $groups }종류 { $calls }회, 합계 { $total }
trace-calls-explained = 다른 서비스, 호스트, 큐 호출
trace-statement = 쿼리
trace-database = 데이터베이스
trace-host = 호스트
trace-request = 작업
trace-count = 횟수
trace-total = 합계
trace-max = 최장
trace-note = 비고
trace-result = 결과
trace-kind-internal = 내부 서비스
trace-kind-external = 외부
trace-loop = N+1: 같은 호출 { $count }회, { $total }
trace-loop-note = 한 부모에서 같은 호출 { $count }회: 한 번의 쿼리로 묶을 수 있습니다
trace-failed-count = { $count }회 실패
trace-statements-none = 이 트레이스에는 쿼리를 실행한 스팬이 없습니다.
trace-calls-none = 이 트레이스에는 다른 서비스, 호스트, 큐를 호출한 스팬이 없습니다.
trace-exceptions-none = 이 트레이스에는 예외를 기록한 스팬이 없습니다.
trace-exception-seen = 스팬 { $count }개에서 기록
trace-exception-in = { $service }, { $name }
trace-exception-untyped = 예외
trace-stack = 스택 트레이스
trace-more-frames = { $count }줄 더 보기

# 선택한 스팬
trace-span = 선택한 스팬
trace-span-lost = 스팬을 불러오지 못했습니다. 다시 선택해 주세요.
trace-span-took = 소요
trace-span-started = 시작
trace-span-share = 전체 대비 비율
trace-span-own = 자체
trace-span-kind = 종류
trace-span-service = 서비스
trace-span-version = 버전
trace-span-instance = 인스턴스
trace-span-host = 호스트
trace-span-parameters = 매개변수(전송된 값)
trace-span-call = 호출
trace-span-target = 대상
trace-span-request = 요청
trace-span-address = 주소
trace-span-result = 결과
trace-span-status = 상태
trace-span-events = 이벤트
trace-span-attributes = 속성
trace-span-resource = 리소스
trace-span-links = 연결된 트레이스
trace-span-filter = 속성 거르기
trace-span-none = 전송된 값이 없습니다.
trace-kind-word-internal = 내부
trace-kind-word-server = 서버
trace-kind-word-client = 클라이언트
trace-kind-word-producer = 보내는 쪽
trace-kind-word-consumer = 받는 쪽

# 트레이스가 없을 때
trace-missing-title = 트레이스를 찾을 수 없습니다
trace-missing-explained = 이 트레이스 ID의 스팬이 저장되어 있지 않습니다. 아직 도착하지 않았을 수 있습니다(보통 전송 후 1~2초 안에 보입니다). 보존 기간이 지났거나, 샘플링에서 제외되었거나, 다른 서버로 전송되었을 수도 있습니다.
trace-invalid-title = 트레이스 ID가 아닙니다
trace-invalid-explained = 트레이스 ID는 16진수 32자리이며 모두 0일 수 없습니다. 예: 4bf92f3577b34da6a3ce929d0e0e4736
trace-retry = 다시 찾기
trace-to-transactions = 트랜잭션 찾기
