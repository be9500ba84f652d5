# 여러 페이지에서 쓰는 말.

rate = 처리량
errors = 오류
errors-short = 오류
copy = 복사
copied = 복사됨
verdict-bad = 이상
verdict-watch = 주의
verdict-no-data = 데이터 없음
verdict-ok = 정상
verdict-errors = 오류율 { $share }.
verdict-errors-usual = 오류율 { $share }, 평소 { $usual }.
verdict-slow = { $share }가 느림.
verdict-slow-usual = { $share }가 느림, 평소 { $usual }.
verdict-last-seen = 이 기간에는 데이터가 없습니다. 마지막 트랜잭션은 { $when }에 끝났습니다.
verdict-never-seen = 이 기간에는 데이터가 없습니다.
lost-notice = 다음 기간의 저장된 데이터를 읽을 수 없습니다: { $times }. 이 기간의 수치와 목록은 실제보다 적습니다. 해당 파일과 조치 방법은 hinomi doctor로 확인할 수 있습니다.
lost-more = 그 외 { $count }건
