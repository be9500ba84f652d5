# 서비스 맵.

graph-services = 서비스 맵
graph-how = 왼쪽이 호출하는 쪽, 오른쪽이 호출받는 쪽입니다. 화살표 키로 이동하고 Enter로 엽니다.
graph-empty = 이 기간에 호출이 없습니다
graph-empty-text = 스팬이 도착하면 서비스와 호출 대상이 여기에 자동으로 나타납니다.
graph-calls = 호출
graph-table-note = 위 그림과 같은 내용
graph-from = 호출하는 쪽
graph-to = 호출받는 쪽
graph-kind = 종류
graph-kind-service = 서비스
graph-kind-database = 데이터베이스
graph-kind-cache = 캐시
graph-kind-queue = 큐
graph-kind-partner = 외부 연동
graph-kind-gateway = 게이트웨이
graph-count-services = 서비스 { $count }개
graph-count-databases = 데이터베이스 { $count }개
graph-count-caches = 캐시 { $count }개
graph-count-queues = 큐 { $count }개
graph-count-gateways = 게이트웨이 { $count }개
graph-count-partners = 외부 연동 { $count }개
