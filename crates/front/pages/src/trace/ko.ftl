# 트레이스 화면

trace-title = { $operation } 트레이스
trace-took-ok = { $duration } 만에 { $status }
trace-took-error = { $duration } 후 { $status }
trace-took = { $duration } 걸림
trace-failed-after = { $duration } 후 실패
trace-copy-link = 링크 복사
trace-copied = 복사됨
trace-copy-id = 트레이스 ID 복사
trace-copy-value = 값 복사
trace-copy-span-link = 이 스팬의 링크 복사
trace-download = JSON 다운로드
trace-mark-ok = 정상
trace-mark-slow = 느림
trace-mark-error = 오류
trace-error = 오류

# 요약
trace-spans = 스팬 { $count }개
trace-services = 서비스 { $count }개
trace-errors = { $count ->
    [0] 오류 없음
   *[other] 오류 { $count }건
}
trace-summary-counts = { $spans }, { $services }, { $errors }
trace-bar-label = 분류별 소요 시간
trace-spent-code = 전체 시간의 { $share }: { $service } 자체 코드
trace-spent-database = 전체 시간의 { $share }: { $service }에서 데이터베이스 { $target } 호출
trace-spent-cache = 전체 시간의 { $share }: { $service }에서 캐시 { $target } 호출
trace-spent-external = 전체 시간의 { $share }: { $service }의 { $target } 응답 대기
trace-spent-internal = 전체 시간의 { $share }: { $service }, { $target } 사이
trace-spent-messaging = 전체 시간의 { $share }: 큐 { $target } 대기
trace-also-code = { $sentence }, { $share }: { $service } 코드
trace-also-database = { $sentence }, { $share }: 데이터베이스 { $target }
trace-also-cache = { $sentence }, { $share }: 캐시 { $target }
trace-also-external = { $sentence }, { $share }: { $target } 응답 대기
trace-also-internal = { $sentence }, { $share }: { $target }까지의 서비스 간
trace-also-messaging = { $sentence }, { $share }: 큐 { $target }
trace-category-code = 자체 코드
trace-category-database = 데이터베이스
trace-category-cache = 캐시
trace-category-external = 외부
trace-category-internal = 서비스 간
trace-category-messaging = 큐

# 알림
trace-partial-orphans = 이 트레이스는 일부가 빠져 있습니다. 스팬 { $count }개의 부모가 아직 도착하지 않았습니다. 빠진 스팬은 곧 도착하거나, 해당 서비스가 이 서버로 보내지 않을 수 있습니다.
trace-partial-root = 이 트레이스의 첫 스팬이 도착하지 않았습니다. 시작 시각과 소요 시간이 정확하지 않을 수 있습니다.
trace-page = 전체 스팬 { $count }개 중 { $first }~{ $last }번째입니다(전송된 시작 시각순). 자체 시간, 임계 경로, 호출 건수는 이 페이지의 스팬만으로 계산합니다.
trace-page-first = 처음 스팬
trace-page-next = 다음 스팬
trace-partial-drawn = 스팬 { $count }개 중 처음 { $drawn }개를 표시합니다. 다운로드한 파일에는 모두 들어 있습니다.
trace-reload = 새로 고침

# 보기
trace-views = 트레이스 보기
trace-view-waterfall = 워터폴
trace-view-table = 표
trace-view-flame = 플레임 그래프
trace-view-statements = DB·캐시 호출
trace-view-calls = 호출
trace-view-exceptions = 예외
trace-critical-path = 임계 경로
trace-small-print-hidden = 아주 짧은 내부 스팬 { $count }개 숨김: 보기
trace-small-print-shown = 아주 짧은 내부 스팬 { $count }개 표시 중: 숨기기
trace-column-name = 서비스와 오퍼레이션
trace-column-timeline = 시간
trace-column-own = 자체 시간
trace-column-start = 시작
trace-column-gap = 직전 간격
trace-column-service = 서비스
trace-column-operation = 오퍼레이션
trace-column-took = 소요
trace-column-status = 결과
trace-orphan = 부모 없음
trace-orphan-explained = 부모 스팬이 도착하지 않아 트리에서의 위치를 알 수 없습니다.

# 쿼리, 호출, 예외
trace-statements-count = { $groups }종류 { $calls }회, 합계 { $total }
trace-calls-explained = 다른 서비스, 호스트, 큐 호출
trace-statement = SQL·명령
trace-database = 데이터베이스
trace-host = 호스트
trace-request = 오퍼레이션
trace-count = 횟수
trace-total = 합계
trace-max = 최장
trace-note = 비고
trace-result = 결과
trace-kind-internal = 자사 서비스
trace-kind-external = 외부
trace-loop = N+1: 같은 호출 { $count }회, { $total }
trace-loop-note = 한 부모에서 같은 호출 { $count }회: 한 번의 쿼리로 묶으세요
trace-failed-count = { $count }회 실패
trace-groups-more = 합계 시간이 더 짧은 { $count }개는 표시하지 않았습니다
trace-statements-none = 이 트레이스에는 데이터베이스나 캐시를 호출한 스팬이 없습니다.
trace-calls-none = 이 트레이스에는 다른 서비스, 호스트, 큐를 호출한 스팬이 없습니다.
trace-exceptions-none = 이 트레이스에는 예외를 기록한 스팬이 없습니다.
trace-exception-seen = 스팬 { $count }개에서 기록
trace-exception-in = { $service }, { $name }
trace-exception-untyped = 예외
trace-stack = 스택 트레이스
trace-more-frames = { $count }줄 더 보기

# 선택한 스팬
trace-span = 선택한 스팬
trace-span-lost = 이 스팬을 불러오지 못했습니다. 다시 선택하세요.
trace-span-took = 소요
trace-span-started = 시작
trace-span-share = 전체 대비 비율
trace-span-own = 자체 시간
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
trace-span-filter = 속성 필터
trace-span-none = 전송된 속성이 없습니다.
trace-kind-word-internal = 내부
trace-kind-word-server = 서버
trace-kind-word-client = 클라이언트
trace-kind-word-producer = 프로듀서
trace-kind-word-consumer = 컨슈머

# 트레이스가 없을 때
trace-missing-title = 트레이스를 찾을 수 없습니다
trace-missing-explained = 이 트레이스 ID의 스팬이 저장되어 있지 않습니다. 아직 도착하지 않았을 수 있습니다(스팬은 전송 후 1~2초 안에 표시됩니다). 보존 기간이 지났거나, 샘플링에서 제외되었거나, 다른 서버로 전송되었을 수도 있습니다.
trace-invalid-title = 트레이스 ID가 아닙니다
trace-invalid-explained = 트레이스 ID는 16진수 32자리이며 모두 0일 수 없습니다. 예: 4bf92f3577b34da6a3ce929d0e0e4736
trace-retry = 다시 시도
trace-to-transactions = 트랜잭션 찾기

# 플레임
trace-flame-explained = 너비는 스팬 자체와 그 하위에서 쓴 시간입니다. 같은 스팬은 한 프레임으로 묶고, 동시에 실행된 호출은 합산합니다. 프레임을 클릭하면 확대합니다.
trace-flame-whole = 트레이스 전체
trace-flame-frame = { $name }: 합계 { $below }({ $share }), 자체 시간 { $own }{ $failed ->
    [0] {""}
   *[other] , 실패 { $failed }건
}
trace-flame-left-out = 너무 좁거나 깊은 프레임 { $count }개는 표시하지 않았습니다. 그 위의 프레임을 클릭하면 볼 수 있습니다.

# 시계
trace-clock-behind = { $host }의 시계가 { $by } 늦었습니다. 원인보다 먼저 시작하는 스팬이 없도록 이 호스트의 스팬 { $count }개를 그만큼 옮겨 표시합니다.
trace-clock-ahead = { $host }의 시계가 { $by } 빨랐습니다. 기다린 스팬보다 늦게 끝나는 스팬이 없도록 이 호스트의 스팬 { $count }개를 그만큼 옮겨 표시합니다.
trace-clock-more = 그 밖에 호스트 { $count }대의 시계도 어긋나 있었습니다.
trace-clock-show-sent = 전송된 시각으로 표시
trace-clock-as-sent = 모든 스팬을 각 호스트가 보고한 시각으로 표시합니다.
trace-clock-align = 시계를 보정해 표시

# 두 트레이스 비교
trace-compare-title = 두 트레이스 비교
trace-compare-do = 비교
trace-compare-usual = 같은 오퍼레이션의 평소 트랜잭션과 비교
trace-compare-this = 이 트레이스
trace-compare-other = 비교 대상
trace-compare-swap = 서로 바꾸기
trace-compare-longer = 이 트레이스가 { $by } 더 길고, 비교 대상의 { $times }배가 걸렸습니다.
trace-compare-shorter = 이 트레이스가 { $by } 더 짧고, 비교 대상은 { $times }배가 걸렸습니다.
trace-compare-equal = 두 트레이스에 같은 시간이 걸렸습니다.
trace-compare-most = 차이가 큰 곳
trace-compare-own = 하위 호출을 뺀 자체 시간
trace-compare-nowhere = 차이가 긴 트레이스의 1 %를 넘는 단계가 없습니다.
trace-compare-only-this = 이 트레이스에만, ×{ $this }
trace-compare-only-other = 비교 대상에만, ×{ $other }
trace-compare-same-count = 둘 다 ×{ $this }
trace-compare-counts = 이 트레이스 ×{ $this }, 비교 대상 ×{ $other }
trace-compare-both = 겹쳐 놓은 트리
trace-compare-both-explained = 같은 위치에 있는 같은 단계의 자체 시간
trace-compare-difference = 차이
trace-compare-left-out = 외 { $count }단계는 표시하지 않음.
trace-compare-with = 다른 트레이스와 비교
trace-compare-id = 트레이스 ID
trace-compare-none = 앞뒤 30분 안에 느려지지 않고 성공한 같은 오퍼레이션의 트랜잭션이 더 없습니다. 비교할 트레이스의 ID를 붙여 넣으세요.
trace-compare-back = 트레이스로 돌아가기
