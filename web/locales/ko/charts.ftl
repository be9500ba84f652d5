# 시간에 따른 그래프와 비교 대상.

charts-usual = 평소
charts-usual-band = { $low }~{ $high }
charts-usual-weeks = 평소: 지난 { $count }주 같은 요일의 같은 시간대({ $width } 단위)입니다. 값의 80%가 띠 안에 있습니다.
charts-usual-days = 평소: 지난 { $count }일의 같은 시간대({ $width } 단위)입니다. 값의 80%가 띠 안에 있습니다.
charts-usual-few = 평소 범위를 아직 알 수 없습니다. 같은 시간대에 20건 이상 있는 날이 이틀, 또는 같은 요일이 2주 필요합니다.
charts-usual-long = 일주일이 넘는 기간에는 평소 범위가 없습니다. 기간을 줄이세요.
charts-nothing-then = 비교 대상 기간에 데이터가 없습니다.
charts-nothing-yet = 값 없음
charts-keys = 왼쪽, 오른쪽 화살표 키로 값을 읽습니다.
