# 속성으로 스팬 검색.

find-what = 검색 조건
find-services = 이름이 일치하는 서비스
find-go = 검색
find-transactions = 트랜잭션 검색
find-progress = 검색 진행 상황
find-begins = 검색 중…
find-running = 검색 중… 스팬 { $rows }개 확인, { $found }개 찾음
find-done = 스팬 { $rows }개 중 { $found }개 찾음
find-so-far = 지금까지 스팬 { $rows }개 중 { $found }개 찾음
find-cancel = 중지
find-cancelled = 중지됨
find-again = 다시 검색
find-on = 계속
find-older = { $time } 이전에 더 있을 수 있습니다.
find-out-of-time = 제한 시간이 지났습니다. { $time } 이후는 모두 검색했습니다. 그 이전은 아직 검색하지 않았습니다.
find-partial = 다음 기간의 저장된 데이터를 읽을 수 없습니다: { $times }. 이 기간의 데이터는 검색되지 않았습니다. 손상된 파일과 조치 방법은 hinomi doctor로 확인할 수 있습니다.
find-none = 이 기간에 일치하는 것이 없습니다
find-none-text = 위에서 더 긴 기간을 고르거나 검색 조건을 바꾸세요. 값은 전체가 정확히 일치해야 합니다.
find-failed = 검색이 완료되기 전에 중지되었습니다
find-lost = 서버와의 연결이 끊어졌습니다.
find-script = 이 페이지의 검색에는 JavaScript가 필요합니다. JavaScript를 쓸 수 없으면 API를 사용하세요: /api/v1/search?q=order.id=12345
find-span = 오퍼레이션 또는 스팬
find-matched = 일치한 속성
find-form-key = 속성이 정확히 이 값
find-form-value = 어떤 속성이 정확히 이 값
find-form-quoted = 공백이 있는 값
find-form-any = 값과 상관없이 이 속성이 있음
find-form-status = HTTP 응답 상태
find-wrong-empty = 검색 조건을 입력하세요
find-wrong-quote = 따옴표가 빠졌습니다
find-wrong-value = 값이 없습니다. 임의의 값은 *, 빈 값은 ""로 입력하세요
find-wrong-many = 조건은 한 번에 최대 8개입니다
