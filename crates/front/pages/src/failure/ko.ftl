# 무엇이 잘못되었는지 알리는 페이지.

failure-unknown-title = 로그인되어 있지 않습니다
failure-unknown-text = 이 페이지를 요청한 사용자를 확인할 수 없습니다. 로그인한 뒤 다시 시도하세요.
failure-not-found-title = 페이지를 찾을 수 없습니다
failure-not-found-text = 주소가 잘못되었거나 데이터의 보존 기간이 지났을 수 있습니다. 위 검색란에서 트레이스 ID나 서비스를 검색하거나 서비스 목록에서 시작하세요.
failure-address-title = 이 링크에 알 수 없는 값이 있습니다
failure-address-text = 아래에 표시된 값을 고치거나 서비스 목록에서 시작하세요.
failure-busy-title = 실행 중인 쿼리가 너무 많습니다
failure-busy-text = 데이터 수신이 지연되지 않도록 동시에 실행하는 쿼리 수를 제한하고 있습니다. 잠시 후 다시 시도하세요.
failure-timeout-title = 쿼리가 너무 오래 걸렸습니다
failure-timeout-text = 조회 기간을 줄이거나 서비스를 하나만 선택한 뒤 다시 시도하세요.
failure-too-much-title = 이 기간의 스팬이 너무 많아 합산할 수 없습니다
failure-too-much-text = 조회 기간을 줄이거나 서비스를 하나만 선택한 뒤 다시 시도하세요.
failure-store-title = 저장된 데이터를 읽을 수 없습니다
failure-store-text = 원인은 서버 로그에 기록되어 있습니다. “query failed”를 검색하세요. 데이터 수신과 저장은 계속됩니다.
failure-retry = 다시 시도
failure-home = 전체 서비스
failure-transactions = 트랜잭션
