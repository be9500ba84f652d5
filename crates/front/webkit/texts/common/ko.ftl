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
verdict-errors = 오류율 { $now }(최근 { $over }).
verdict-errors-usual = 오류율 { $now }(최근 { $over }), { $when }에는 평소 { $usual }.
verdict-slow = 트랜잭션의 { $now }가 느림(최근 { $over }).
verdict-slow-usual = 트랜잭션의 { $now }가 느림(최근 { $over }), { $when }에는 평소 { $usual }.
verdict-slower-usual = p95 { $now }(최근 { $over }), { $when }에는 평소 { $usual }.
verdict-quiet-usual = 처리량이 { $now }뿐임(최근 { $over }), { $when }에는 평소 { $usual }.
verdict-hour-of-week = { $day ->
    [mon] 월요일
    [tue] 화요일
    [wed] 수요일
    [thu] 목요일
    [fri] 금요일
    [sat] 토요일
   *[sun] 일요일
} 이 시간대
verdict-hour-of-day = 이 시간대
verdict-hour-before = 그 전 1시간
verdict-since = { $length }째 지속.
verdict-since-before = 최소 { $length }째 지속.
verdict-few = 건수가 적어 판정할 수 없습니다.
length-seconds = { $count }초
length-minutes = { $count }분
length-hours = { $count }시간
list-comma = { ", " }
verdict-last-seen = 최근 15분간 트랜잭션이 없습니다. 마지막 트랜잭션은 { $when }에 끝났습니다.
verdict-never-seen = 아직 트랜잭션이 없습니다.
lost-notice = 다음 기간의 저장된 데이터를 읽을 수 없습니다: { $times }. 이 기간의 건수와 목록은 실제보다 적습니다. 손상된 파일과 조치 방법은 hinomi doctor로 확인할 수 있습니다.
folded-names = { $service }에서 보내는 { $attribute } 값의 종류가 너무 많습니다(예: { $example }). { $since }부터 스팬 { $spans }개를 (other)로 집계하고 있습니다. 값의 종류를 줄이거나 이 속성을 보내지 마세요. 다른 서비스에는 영향이 없습니다.
folded-services = 보내는 서비스의 종류가 너무 많습니다(예: { $example }). { $since }부터 스팬 { $spans }개를 서비스 (other)로 집계하고 있습니다. 매번 바뀌는 부분을 { $attribute }에서 빼세요. 이미 등록된 서비스에는 영향이 없습니다.
folded-more = 그 밖에 속성 { $count }개의 값 종류가 너무 많습니다. /api/v1/services의 folded를 확인하세요.
folded-operation = 오퍼레이션 이름(http.route 또는 스팬 이름)
folded-target = 호출하는 호스트, 데이터베이스, 큐
folded-detail = 호출하는 SQL·명령, 경로, 메서드
lost-more = 외 { $count }건
time-apart = 이 서버의 시계가 { $machine }(으)로 건너뛰었습니다. Hinomi는 자체 시각 { $ours }을(를) 계속 사용하며, 이 변화를 이유로 데이터를 삭제하지 않습니다. 시계를 맞추세요(NTP). 새 시각이 맞다면 서버를 중지하고 hinomi doctor --accept-clock을 실행하세요.
time-held = 이 서버의 시계가 Hinomi가 확인하지 못한 채 { $days }일 앞으로 갔습니다. 보내는 쪽의 시계와 이 서버의 시계가 2일 동안 일치하거나, 서버를 중지하고 hinomi doctor --accept-clock을 실행할 때까지 데이터 보존 기간이 그만큼 길어집니다.
csv-partial = 불완전
csv-partial-title = 이 파일에는 빠진 행이 있습니다. 이 기간의 저장된 데이터 일부를 읽을 수 없습니다. 빠진 기간은 파일 끝에 적혀 있습니다.

close = 닫기
first-page = 첫 페이지
previous-page = 이전 페이지
next-page = 다음 페이지
download-csv = CSV 다운로드: { $table }
chart-show-all = { $count }개 모두 보기
chart-show-less = 줄여 보기
column-operation = 오퍼레이션
column-statement = SQL·명령
column-database = 데이터베이스
column-host = 호스트
column-instance = 인스턴스
column-version = 버전
column-error = 유형
column-service = 서비스
column-count = 건수
column-time = 시간
column-rate = 처리량
column-calls = 호출
column-average = 평균
column-errors = 오류
column-end = 종료
column-took = 응답 시간
column-outcome = 결과
column-result = 상세
column-from = 시작

vs = 비교 대상
vs-yesterday = 어제
vs-last-week = 지난주
vs-usual = 평소
vs-custom = 다른 기간
vs-none = 없음
vs-apply = 비교
stats-more = 외 { $count }개 행. 필터를 쓰거나 전체를 다운로드하세요
