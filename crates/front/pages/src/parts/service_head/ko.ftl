# 서비스 페이지의 머리글.

tabs = 이 서비스의 페이지
tab-dashboard = 대시보드
tab-hitmap = 히트맵
tab-transactions = 트랜잭션
tab-statistics = 통계
