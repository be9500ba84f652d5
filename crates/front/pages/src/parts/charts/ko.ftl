# 시간에 따른 그래프와 비교 대상.

charts-usual = 평소
charts-usual-band = { $low }~{ $high }
charts-usual-weeks = 평소: 지난 { $count }주 같은 요일의 같은 시간대({ $width } 단위)입니다. 값의 80 %가 띠 안에 있습니다.
charts-usual-days = 평소: 지난 { $count }일의 같은 시간대({ $width } 단위)입니다. 값의 80 %가 띠 안에 있습니다.
charts-usual-few = 평소 범위를 아직 계산할 수 없습니다. 같은 시간대에 트랜잭션이 20건 이상 있는 날이 이틀, 또는 같은 요일이 2주 필요합니다.
charts-usual-long = 1주를 넘는 기간에는 평소 범위를 표시할 수 없습니다. 기간을 줄이세요.
charts-nothing-then = 비교 기간에 데이터가 없습니다.
charts-nothing-yet = 값 없음
charts-keys = 왼쪽, 오른쪽 화살표 키로 값을 읽을 수 있습니다.

in-flight = 동시 실행 수
in-flight-mean = 평균
in-flight-max = 최대
chart-latest = 최근
in-flight-exact = 종료될 때 집계하므로 최근 값은 늘어날 수 있습니다
in-flight-means = 평균만 표시(기간 1시간 초과, 건수가 많음, 또는 보존 기간 지남)
in-flight-ages = 경과 시간별 실행 중 건수
in-flight-ago = { $seconds }초 전
in-flight-active = 에이전트가 보고한 실행 중 요청: { $count }건({ $seconds }초 전).
in-flight-ended = 아직 실행 중인 요청은 집계되지 않습니다.
charts-usual-later = 평소 범위를 계산하는 중입니다. 계산되는 대로 표시합니다.

chart-latency = 응답 시간
