# 속성으로 스팬 검색.

find-what = 찾을 내용
find-services = 이름에 포함된 서비스
find-go = 검색
find-transactions = 트랜잭션에서 찾기
find-progress = 검색 진행 상황
find-begins = 검색 중…
find-running = 검색 중… 스팬 { $rows }개 확인, { $found }개 찾음
find-done = 스팬 { $rows }개 중 { $found }개 찾음
find-so-far = 지금까지 스팬 { $rows }개 중 { $found }개 찾음
find-cancel = 중지
find-cancelled = 중지했습니다
find-again = 다시 검색
find-on = 계속
find-older = { $time } 이전에도 더 있을 수 있습니다.
find-out-of-time = 시간이 다 되었습니다. { $time } 이후는 모두 확인했고, 그 이전은 아직 확인하지 않았습니다.
find-partial = 다음 기간의 저장된 데이터를 읽을 수 없습니다: { $times }. 이 기간의 데이터는 검색되지 않았습니다. 해당 파일과 조치 방법은 hinomi doctor로 확인할 수 있습니다.
find-none = 선택한 기간에 해당하는 것이 없습니다
find-none-text = 위에서 더 긴 기간을 고르거나 검색어를 바꿔 보세요. 값은 전체가 글자 그대로 일치해야 합니다.
find-failed = 검색이 끝까지 진행되지 않았습니다
find-lost = 서버와의 연결이 끊어졌습니다.
find-script = 이 페이지의 검색에는 JavaScript가 필요합니다. 없으면 API를 사용하세요: /api/v1/search?q=order.id=12345
find-span = 오퍼레이션 또는 스팬
find-matched = 일치한 속성
find-form-key = 속성이 정확히 이 값
find-form-value = 어떤 속성이 정확히 이 값
find-form-quoted = 공백이 있는 값
find-form-any = 값과 상관없이 이 속성이 있음
find-form-status = HTTP 응답 상태
find-wrong-empty = 찾을 내용을 입력하세요
find-wrong-quote = 따옴표가 빠졌습니다
find-wrong-value = 값이 없습니다. 아무 값이나 찾으려면 *, 빈 값은 ""로 쓰세요
find-wrong-many = 한 번에 최대 8개까지 쓸 수 있습니다
