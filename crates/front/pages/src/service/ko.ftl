# 서비스 대시보드.

side-errors = 최근 오류
side-slow = 최근 느린 트랜잭션
side-calm = 이 기간에 오류와 느린 트랜잭션이 없습니다
table-operations = 주요 오퍼레이션
table-statements = 주요 DB·캐시 호출
table-externals = 외부 호출
table-instances = 인스턴스
table-errors = 오류 유형
table-by-time = 총 시간순
table-by-host = 호스트별
table-by-type = 실패한 트랜잭션
